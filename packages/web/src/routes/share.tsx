import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { ShareForm } from "../features/share/share-form.tsx";
import { readShared, type SharedContent } from "../lib/shared-content.ts";
import { Page } from "../ui/page.tsx";
import { Failure, Loading } from "../ui/states.tsx";

const NOTHING: SharedContent = { text: "", files: [] };

/** What the share sheet handed over. By hand, a note to be written or spoken. */
export function ShareScreen() {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const id = typeof search["id"] === "string" ? search["id"] : "";
  const { data, error } = useQuery({ queryKey: ["shared", id], queryFn: () => readShared(id), gcTime: 0 });
  const isLost = search["failed"] !== undefined || (id !== "" && data === null);
  return (
    <Page
      title="Share with Bureau"
      sentence={
        isLost
          ? "What was shared is not here any more, or this browser could not keep it. Share it again, or write it."
          : "It is on this device alone until you send it."
      }
    >
      {error === null ? null : <Failure error={error} />}
      {data === undefined && error === null ? <Loading rows={2} /> : null}
      {data === undefined ? null : <ShareForm key={id} id={id} shared={data ?? NOTHING} />}
    </Page>
  );
}
