import { Page } from "../ui/page.tsx";

export function InboxScreen() {
  return <Page title="Inbox">Being built.</Page>;
}
