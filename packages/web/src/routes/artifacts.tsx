import { Page } from "../ui/page.tsx";

export function ArtifactsScreen() {
  return <Page title="Artifacts">Being built.</Page>;
}
