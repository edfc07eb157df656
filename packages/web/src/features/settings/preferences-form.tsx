import { type ChangePreferences, INBOX_KINDS, type Preferences, type WeekHours, WEEKDAYS } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { client } from "../../lib/session.ts";
import { useBusy } from "../../lib/use-busy.ts";
import { Button } from "../../ui/button.tsx";
import { Details } from "../../ui/details.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { Switch } from "../../ui/switch.tsx";
import { HoursForm } from "./hours-form.tsx";
import { settingsQueries } from "./queries.ts";
import { KIND_WORDS } from "./words.ts";

const WORK_DAY = { from: "08:00", to: "18:00" };

/** When and of what one is told, on all one's devices. */
export function PreferencesForm() {
  const { data, error, refetch } = useQuery(settingsQueries.preferences);
  if (data === undefined) {
    return (
      <div className="mt-3">
        {error === null ? <Loading rows={2} /> : <Failure error={error} onRetry={() => void refetch()} />}
      </div>
    );
  }
  return <Chosen preferences={data} />;
}

function Chosen({ preferences }: { preferences: Preferences }) {
  const queryClient = useQueryClient();
  const { problem, run } = useBusy();
  const { queryKey } = settingsQueries.preferences;
  // Shown at once; what the server refuses is as it was before.
  const change = (body: ChangePreferences) => {
    const before = queryClient.getQueryData<Preferences>(queryKey);
    queryClient.setQueryData(queryKey, { ...preferences, ...body });
    void run(async () =>
      queryClient.setQueryData(queryKey, await client.changePreferences({ params: { person: "me" }, body })),
    ).then((isDone) => (isDone ? undefined : queryClient.setQueryData(queryKey, before)));
  };
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const told = INBOX_KINDS.filter((kind) => preferences.kinds.includes(kind));
  return (
    <div className="mt-3 flex flex-col gap-2 rounded-xl border border-line bg-raised p-4">
      <h3 className="font-medium">On all your devices</h3>
      <Switch
        label="Notifications may say what they are about"
        hint="Off: each device says for itself."
        checked={preferences.showContent}
        onChange={(showContent) => change({ showContent })}
      />
      <Switch
        label="Only at certain hours"
        hint="What comes at other times is told when they begin."
        checked={preferences.hours !== null}
        onChange={(isOn) => change(isOn ? { hours: workWeek(), timeZone: zone } : { hours: null })}
      />
      {preferences.hours === null ? null : (
        <HoursForm hours={preferences.hours} zone={preferences.timeZone} onChange={(hours) => change({ hours })} />
      )}
      {preferences.hours === null || preferences.timeZone === zone ? null : (
        <Button className="self-start" onClick={() => change({ timeZone: zone })}>
          Use this device's time zone, {zone}
        </Button>
      )}
      <Details
        summary={`Told of ${told.length === INBOX_KINDS.length ? "everything" : `${told.length} of ${INBOX_KINDS.length} kinds`}`}
      >
        {INBOX_KINDS.map((kind) => (
          <Switch
            key={kind}
            label={KIND_WORDS[kind]}
            checked={preferences.kinds.includes(kind)}
            onChange={(isOn) =>
              change({ kinds: INBOX_KINDS.filter((one) => (one === kind ? isOn : told.includes(one))) })
            }
          />
        ))}
      </Details>
      {problem === null ? null : (
        <p role="alert" className="text-sm text-bad">
          {problem}
        </p>
      )}
    </div>
  );
}

function workWeek(): WeekHours {
  const isWork = (day: string) => day !== "saturday" && day !== "sunday";
  return Object.fromEntries(WEEKDAYS.map((day) => [day, isWork(day) ? WORK_DAY : null])) as WeekHours;
}
