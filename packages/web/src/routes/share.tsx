import { Page } from "../ui/page.tsx";

export function ShareScreen() {
  return <Page title="Share">Being built.</Page>;
}
