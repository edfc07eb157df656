import { AfterOrBefore, CreateTask, ListTasks, ListThreads, Message } from "./api-inputs.ts";
import { ItemList, MessageReply, TaskList, TaskStarted, ThreadList } from "./api-replies.ts";
import { endpoint } from "./endpoint.ts";
import { Task, Thread } from "./thread.ts";

export const workApi = {
  listTasks: endpoint("GET", "/api/tasks", {
    summary: "Tasks, newest first",
    group: "tasks",
    query: ListTasks,
    reply: TaskList,
    errors: ["not_found"],
  }),
  createTask: endpoint("POST", "/api/tasks", {
    summary: "Give an agent a task; a run starts on a thread of its own",
    group: "tasks",
    body: CreateTask,
    reply: TaskStarted,
    errors: ["not_found", "conflict"],
  }),
  getTask: endpoint("GET", "/api/tasks/:taskId", {
    summary: "One task",
    group: "tasks",
    reply: Task,
    errors: ["not_found"],
  }),
  cancelTask: endpoint("POST", "/api/tasks/:taskId/cancel", {
    summary: "Cancel a task and its run",
    group: "tasks",
    reply: Task,
    errors: ["not_found", "conflict"],
  }),
  steerTask: endpoint("POST", "/api/tasks/:taskId/steer", {
    summary: "Tell the task's run something; it reads it at its next safe point",
    group: "tasks",
    body: Message,
    reply: MessageReply,
    errors: ["not_found", "conflict"],
  }),
  listThreads: endpoint("GET", "/api/threads", {
    summary: "Threads, the last changed first",
    group: "threads",
    query: ListThreads,
    reply: ThreadList,
    errors: ["not_found"],
  }),
  getThread: endpoint("GET", "/api/threads/:threadId", {
    summary: "One thread",
    group: "threads",
    reply: Thread,
    errors: ["not_found"],
  }),
  listItems: endpoint("GET", "/api/threads/:threadId/items", {
    summary: "Items of a thread after a position, oldest first, or before one, newest first",
    group: "threads",
    query: AfterOrBefore,
    reply: ItemList,
    errors: ["not_found"],
  }),
  postMessage: endpoint("POST", "/api/threads/:threadId/messages", {
    summary: "Say something in a thread: steers its open run, or starts one",
    group: "threads",
    body: Message,
    reply: MessageReply,
    errors: ["not_found", "conflict"],
  }),
};
