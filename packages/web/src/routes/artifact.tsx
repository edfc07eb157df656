import { Page } from "../ui/page.tsx";

export function ArtifactScreen() {
  return <Page title="Artifact">Being built.</Page>;
}
