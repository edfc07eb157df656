import { Page } from "../ui/page.tsx";

export function ThreadsScreen() {
  return <Page title="Threads">Being built.</Page>;
}
