import type { Agent } from "@bureau/protocol";
import { Button } from "../../ui/button.tsx";
import { usePause } from "./use-agents.ts";

export function PauseButton({ agent }: { agent: Agent }) {
  const { isBusy, toggle } = usePause(agent);
  const isPaused = agent.status === "paused";
  return (
    <Button
      icon={isPaused ? "play" : "pause"}
      busy={isBusy}
      onClick={toggle}
      aria-label={`${isPaused ? "Resume" : "Pause"} ${agent.name}`}
    >
      {isPaused ? "Resume" : "Pause"}
    </Button>
  );
}
