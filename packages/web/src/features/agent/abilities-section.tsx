import type { Ability, AgentAbilities } from "@bureau/protocol";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { client } from "../../lib/session.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Section } from "../../ui/page.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { Notices } from "./notices.tsx";

/** What the agent does by itself, asks for first and never does, in plain words. */
export function AbilitiesSection({ agentId }: { agentId: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["agents", agentId, "abilities"],
    queryFn: () => client.agentAbilities({ params: { agent: agentId } }),
    refetchOnMount: "always",
  });
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Loading rows={4} label="Working out what it may do" />;
  return (
    <>
      <Notices notices={data.notices} />
      <Group title="It does by itself" icon="check" look="text-accent" abilities={data.doesByItself} />
      <Group title="It asks first" icon="question" look="text-warn" abilities={data.asksFirst} />
      <Group title="It never does" icon="close" look="text-bad" abilities={data.never} />
      <Rest abilities={data} />
    </>
  );
}

interface GroupProps {
  title: string;
  icon: IconName;
  look: string;
  abilities: readonly Ability[];
}

function Group({ title, icon, look, abilities }: GroupProps) {
  return (
    <Section title={title}>
      {abilities.length === 0 ? (
        <p className="text-quiet">Nothing.</p>
      ) : (
        <ul className="divide-y divide-line rounded-xl border border-line bg-raised">
          {abilities.map((ability, index) => (
            <li key={index} className="flex gap-3 px-4 py-2.5">
              <Icon name={icon} className={`mt-1 size-4.5 shrink-0 ${look}`} />
              <div className="min-w-0">
                <p className="text-wrap-anywhere">{ability.sentence}</p>
                <p className="text-sm text-quiet text-wrap-anywhere">
                  Because: {ability.because}
                  {ability.goalId === null ? null : (
                    <>
                      {" · "}
                      <Link
                        to="/goals/$goalId"
                        params={{ goalId: ability.goalId }}
                        className="inline-flex min-h-11 items-center text-accent underline md:min-h-0"
                      >
                        The goal
                      </Link>
                    </>
                  )}
                </p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function Rest({ abilities: { hosts, budgets, advice } }: { abilities: AgentAbilities }) {
  return (
    <>
      {hosts.length === 0 ? null : (
        <Section title="Its commands may connect to">
          <ul className="font-mono text-sm">
            {hosts.map((host) => (
              <li key={host}>{host}</li>
            ))}
          </ul>
        </Section>
      )}
      {budgets.length === 0 ? null : (
        <Section title="It may spend">
          <ul className="flex flex-col gap-1">
            {budgets.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </Section>
      )}
      {advice.length === 0 ? null : (
        <Section title="Its goals ask it to (advice, not a rule)">
          <ul className="flex flex-col gap-1">
            {advice.map(({ goalId, text }, index) => (
              <li key={index}>
                <Link to="/goals/$goalId" params={{ goalId }} className="hover:underline">
                  {text}
                </Link>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}
