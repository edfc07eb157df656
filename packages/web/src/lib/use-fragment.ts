import { useRouter, useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { keep, readKept } from "./use-kept.ts";

/**
 * The secret behind the `#` of the address, taken out of the address at once. Null where there is none.
 *
 * With `keptAs` it is still there after the page was loaded again, until this window is closed; nowhere else.
 */
export function useFragment(keptAs?: string): { secret: string | null; forget: () => void } {
  const router = useRouter();
  const { pathname, hash } = useRouterState({ select: ({ location }) => location });
  const [secret, setSecret] = useState<string | null>(() =>
    hash === "" && keptAs !== undefined ? readKept<string>(keptAs) : hash || null,
  );
  useEffect(() => {
    if (hash === "") return;
    setSecret(hash);
    if (keptAs !== undefined) keep(keptAs, hash);
    void router.navigate({ to: pathname, hash: "", replace: true });
  }, [hash, keptAs, pathname, router]);
  const forget = () => {
    if (keptAs !== undefined) keep(keptAs, null);
    setSecret(null);
  };
  return { secret, forget };
}
