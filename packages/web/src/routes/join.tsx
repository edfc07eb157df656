import { Page } from "../ui/page.tsx";

export function JoinScreen() {
  return <Page title="Join">Being built.</Page>;
}
