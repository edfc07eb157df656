import type { Link } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { formatUntil } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Section } from "../../ui/page.tsx";
import { Row, Rows } from "../../ui/rows.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { settingsQueries } from "./queries.ts";

const KINDS: Record<Link["kind"], string> = { decision: "Decides one thing", interview: "Is interviewed" };

/** By whom something is decided without an account, as long as the links hold. */
export function LinksSection() {
  const { data, error, refetch } = useQuery(settingsQueries.links);
  const queryClient = useQueryClient();
  const now = useNow();
  const revoke = async (link: Link) => {
    await client.revokeLink({ params: { link: link.id } });
    await queryClient.invalidateQueries({ queryKey: settingsQueries.links.queryKey });
  };
  return (
    <Section title="Links to guests">
      {data === undefined ? (
        error === null ? (
          <Loading rows={1} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : null}
      {data?.links.length === 0 ? (
        <p className="text-sm text-quiet">None is open. An entry of the inbox can be sent to somebody as a link.</p>
      ) : null}
      {data === undefined || data.links.length === 0 ? null : (
        <Rows label="Links to guests">
          {data.links.map((link) => (
            <Row
              key={link.id}
              name={link.name}
              detail={`${KINDS[link.kind]} · made by ${link.createdBy} · until ${formatUntil(link.expiresAt, now)}`}
            >
              <ConfirmButton
                label="Revoke"
                about={link.name}
                title={`Revoke the link for ${link.name}?`}
                yes="Revoke it"
                onConfirm={() => revoke(link)}
              >
                It no longer works at once. What they decided stays.
              </ConfirmButton>
            </Row>
          ))}
        </Rows>
      )}
    </Section>
  );
}
