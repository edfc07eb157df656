import { Page } from "../ui/page.tsx";

export function ThreadScreen() {
  return <Page title="Thread">Being built.</Page>;
}
