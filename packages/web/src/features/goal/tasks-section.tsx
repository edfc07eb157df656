import type { Task } from "@bureau/protocol";
import { Link } from "@tanstack/react-router";
import { TASK_LOOKS } from "../../status.ts";
import { Badge } from "../../ui/badge.tsx";
import { Section } from "../../ui/page.tsx";

/** The goal's tasks, each with the thread that it is worked on in. */
export function TasksSection({ tasks }: { tasks: readonly Task[] }) {
  if (tasks.length === 0) return null;
  return (
    <Section title="Tasks">
      <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
        {tasks.map((task) => (
          <li key={task.id}>
            {task.threadId === null ? (
              <div className="flex min-h-13 items-center gap-3 px-4 py-2">
                <TaskWords task={task} />
              </div>
            ) : (
              <Link
                to="/threads/$threadId"
                params={{ threadId: task.threadId }}
                className="flex min-h-13 items-center gap-3 px-4 py-2 hover:bg-sunken"
              >
                <TaskWords task={task} />
              </Link>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function TaskWords({ task }: { task: Task }) {
  return (
    <>
      <span className="min-w-0 flex-1 text-wrap-anywhere">{task.title}</span>
      <Badge look={TASK_LOOKS[task.status]} />
    </>
  );
}
