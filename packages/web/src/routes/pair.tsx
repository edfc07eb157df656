import { Page } from "../ui/page.tsx";

export function PairScreen() {
  return <Page title="Pair">Being built.</Page>;
}
