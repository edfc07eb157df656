import { AppError, type GuestView } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Asked } from "../features/guest/asked.tsx";
import { Decided, NothingAsked } from "../features/guest/outcome.tsx";
import { client, needsSignIn } from "../lib/session.ts";
import { useFragment } from "../lib/use-fragment.ts";
import { Alone } from "../ui/alone.tsx";
import { Failure, Loading } from "../ui/states.tsx";

const RECHECK_MS = 20_000;

/** What a guest's link opens: one decision, or one question after the other, and nothing else of Bureau. */
export function AskScreen() {
  const { secret } = useFragment("guest-link");
  if (secret === null) {
    return (
      <Alone title="Nothing to show" sentence="The link is not whole: what stands after the # is missing.">
        <p>Open the link that you were sent once more.</p>
      </Alone>
    );
  }
  return <Guest key={secret} secret={secret} />;
}

function Guest({ secret }: { secret: string }) {
  const queryClient = useQueryClient();
  const queryKey = ["guest", secret];
  // Stays when what is asked is another by now.
  const [notice, setNotice] = useState<string | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey,
    queryFn: () => client.lookByLink({ body: { secret } }),
    // An agent may ask the next thing at any time; a page that is not looked at does not ask.
    refetchInterval: ({ state }) => (state.data !== undefined && isWaiting(state.data) ? RECHECK_MS : false),
  });
  if (needsSignIn(error)) {
    return (
      <Alone title="This link is over" sentence={error?.message}>
        <p>{error instanceof AppError ? error.hint : null}</p>
      </Alone>
    );
  }
  if (data === undefined) {
    return (
      <Alone title="You are asked" sentence="One moment.">
        {error === null ? <Loading rows={2} /> : <Failure error={error} onRetry={() => void refetch()} />}
      </Alone>
    );
  }
  const take = (view: GuestView) => {
    setNotice(null);
    queryClient.setQueryData(queryKey, view);
  };
  const onRefused = (problem: string) => {
    setNotice(problem);
    void refetch();
  };
  if (data.asked !== null && data.decided === null) {
    return (
      <Asked
        key={data.asked.ref}
        secret={secret}
        view={data}
        asked={data.asked}
        notice={notice}
        onView={take}
        onRefused={onRefused}
      />
    );
  }
  return data.decided === null ? (
    <NothingAsked view={data} onCheck={() => refetch()} />
  ) : (
    <Decided view={data} decided={data.decided} />
  );
}

function isWaiting(view: GuestView): boolean {
  return view.kind === "interview" && view.asked === null;
}
