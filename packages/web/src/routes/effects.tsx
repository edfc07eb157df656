import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { EffectFilters, NO_FILTER } from "../features/effects/effect-filters.tsx";
import { EffectsList } from "../features/effects/effects-list.tsx";
import { useFreshEffects } from "../features/effects/fresh-effects.ts";
import { useEffects } from "../features/effects/use-effects.ts";
import { queries } from "../live/load.ts";
import { Button } from "../ui/button.tsx";
import { Page } from "../ui/page.tsx";
import { Empty, Failure, Loading } from "../ui/states.tsx";

/** The ledger of everything that was done outside the workspace. */
export function EffectsScreen() {
  useQuery(queries.goals);
  useQuery(queries.agents);
  useFreshEffects();
  const [filter, setFilter] = useState(NO_FILTER);
  const { effects, query } = useEffects(filter);
  const isFiltered = filter !== NO_FILTER && Object.values(filter).some((value) => value !== "");
  return (
    <Page
      title="Done outside"
      sentence="What agents have changed outside the workspace: to whom, for what, on whose yes."
    >
      <EffectFilters filter={filter} onChange={setFilter} />
      {query.isPending ? <Loading rows={5} label="Loading the ledger" /> : null}
      {query.isError ? <Failure error={query.error} onRetry={() => void query.refetch()} /> : null}
      {query.isSuccess && effects.length === 0 ? (
        <Empty icon="external" title={isFiltered ? "Nothing fits" : "Nothing was done outside yet"}>
          {isFiltered
            ? "Choose another status, goal or agent."
            : "A mail that is sent or a message that is posted is listed here for good."}
        </Empty>
      ) : null}
      {effects.length === 0 ? null : <EffectsList effects={effects} />}
      {query.hasNextPage ? (
        <div className="mt-4 flex justify-center">
          <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show older ones
          </Button>
        </div>
      ) : null}
    </Page>
  );
}
