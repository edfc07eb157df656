import type { WorkApi } from "@bureau/engine";
import { AppError, type Handlers, type Task, type ThreadId, type workApi } from "@bureau/protocol";
import type { AppContext } from "../app-parts.ts";
import { deciderOf } from "../caller.ts";

export function workHandlers(engine: WorkApi): Handlers<typeof workApi, AppContext> {
  return {
    listTasks: ({ query }) => engine.listTasks(query),
    createTask: ({ body }) => engine.createTask(body),
    getTask: ({ params }) => engine.getTask(params.taskId),
    cancelTask: ({ params }) => engine.cancelTask(params.taskId),
    steerTask: async ({ params, body }, context) => {
      const task = await engine.getTask(params.taskId);
      return engine.postMessage(threadOf(task), body, deciderOf(context));
    },
    listThreads: ({ query }) => engine.listThreads(query),
    getThread: ({ params }) => engine.getThread(params.threadId),
    listItems: ({ params, query }) => engine.listItems(params.threadId, query),
    postMessage: ({ params, body }, context) => engine.postMessage(params.threadId, body, deciderOf(context)),
  };
}

function threadOf(task: Task): ThreadId {
  if (
    task.threadId !== null &&
    (task.status === "open" || task.status === "in_progress" || task.status === "blocked")
  ) {
    return task.threadId;
  }
  throw new AppError("conflict", `Task ${task.id} is ${task.status}, so nothing works on it.`, {
    hint: "Create a new task.",
  });
}
