import type { Device, SessionInfo } from "@bureau/protocol";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { formatAgo } from "../../lib/format.ts";
import { client } from "../../lib/session.ts";
import { useNow } from "../../lib/use-now.ts";
import { ConfirmButton } from "../../ui/confirm-button.tsx";
import { Section } from "../../ui/page.tsx";
import { Row, Rows } from "../../ui/rows.tsx";
import { Failure, Loading } from "../../ui/states.tsx";
import { settingsQueries } from "./queries.ts";
import { SCOPE_WORDS } from "./words.ts";

/** Everything that has a token of its own: one's own devices, and for the owner those of others. */
export function Devices({ session }: { session: SessionInfo }) {
  const { data, error, refetch } = useQuery(settingsQueries.devices);
  const own = data?.devices.filter(({ personId }) => personId === session.person.id) ?? [];
  const others = data?.devices.filter(({ personId }) => personId !== session.person.id) ?? [];
  return (
    <Section title="Devices">
      {data === undefined ? (
        error === null ? (
          <Loading rows={1} />
        ) : (
          <Failure error={error} onRetry={() => void refetch()} />
        )
      ) : null}
      {data !== undefined && own.length === 0 ? (
        <p className="text-sm text-quiet">None yet. A phone or another browser that you pair is listed here.</p>
      ) : null}
      {own.length === 0 ? null : <DeviceRows label="Your devices" devices={own} session={session} />}
      {others.length === 0 ? null : (
        <>
          <h3 className="mt-4 mb-2 text-sm text-quiet">Devices of others</h3>
          <DeviceRows label="Devices of others" devices={others} session={session} />
        </>
      )}
    </Section>
  );
}

function DeviceRows({ label, devices, session }: { label: string; devices: Device[]; session: SessionInfo }) {
  const queryClient = useQueryClient();
  const now = useNow();
  const revoke = async (device: Device) => {
    await client.revokeDevice({ params: { device: device.id } });
    if (device.id === session.deviceId) window.location.assign("/sign-in");
    else await queryClient.invalidateQueries({ queryKey: settingsQueries.devices.queryKey });
  };
  return (
    <Rows label={label}>
      {devices.map((device) => {
        const isThis = device.id === session.deviceId;
        const whose = device.personId === session.person.id ? "" : `${device.person} · `;
        const seen = device.lastSeenAt === null ? "never used" : `last seen ${formatAgo(device.lastSeenAt, now)}`;
        return (
          <Row
            key={device.id}
            name={
              <>
                {device.name}
                {isThis ? <span className="text-sm font-normal text-accent">This device</span> : null}
              </>
            }
            detail={`${whose}${SCOPE_WORDS[device.scope].name} · ${seen}`}
          >
            <ConfirmButton
              label="Revoke"
              about={device.name}
              title={`Revoke ${device.name}?`}
              yes="Revoke it"
              onConfirm={() => revoke(device)}
            >
              {isThis
                ? "You are signed out here at once. To come back, this device has to be paired anew."
                : "It is signed out at once, and to come back it has to be paired anew. What was decided with it stays."}
            </ConfirmButton>
          </Row>
        );
      })}
    </Rows>
  );
}
