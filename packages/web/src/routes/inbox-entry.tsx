import { Page } from "../ui/page.tsx";

export function InboxEntryScreen() {
  return <Page title="InboxEntry">Being built.</Page>;
}
