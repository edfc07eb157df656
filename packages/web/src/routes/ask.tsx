import { Page } from "../ui/page.tsx";

export function AskScreen() {
  return <Page title="Ask">Being built.</Page>;
}
