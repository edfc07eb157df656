import { AddFolder } from "../features/agent/add-folder.tsx";
import { InterviewForm } from "../features/agent/interview-form.tsx";
import { useKept } from "../lib/use-kept.ts";
import { Choice } from "../ui/choice.tsx";
import { Page } from "../ui/page.tsx";

const WAYS = [
  { value: "interview", label: "Describe it" },
  { value: "folder", label: "Add a folder" },
] as const;
type Way = (typeof WAYS)[number]["value"];

/** Two ways to an agent: a sentence and a few questions, or a folder that is there. */
export function NewAgentScreen() {
  const [way, setWay] = useKept<Way>("agent.way", "interview");
  return (
    <Page title="New agent" backTo="/agents">
      <div className="mb-4">
        <Choice label="How to make it" options={WAYS} value={way} onChange={setWay} />
      </div>
      {way === "interview" ? <InterviewForm /> : <AddFolder />}
    </Page>
  );
}
