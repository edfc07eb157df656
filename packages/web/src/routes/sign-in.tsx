import { type FormEvent, useState } from "react";
import { problemOf } from "../lib/problem.ts";
import { canUsePasskeys, signInWithPasskey } from "../lib/passkeys.ts";
import { signInWithToken } from "../lib/session.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";

/** Where somebody says who they are. The app begins anew afterwards, so that nothing of before is left in it. */
export function SignInScreen() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const signIn = async (by: () => Promise<void>) => {
    setBusy(true);
    setProblem(null);
    try {
      await by();
      window.location.assign(destination());
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signIn(() => signInWithToken(token.trim()));
  };
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-6 p-6">
      <title>Sign in · Bureau</title>
      <div>
        <img src="/icon.svg" alt="" className="mb-4 size-12" />
        <h1 className="text-2xl font-semibold tracking-tight">Sign in to Bureau</h1>
        <p className="mt-1 text-quiet">
          The address that `bureau up` prints signs you in by itself. Or paste its token here.
        </p>
      </div>
      <form onSubmit={submit} className="flex flex-col gap-4">
        <TextField
          label="Token"
          type="password"
          autoComplete="current-password"
          required
          value={token}
          problem={problem}
          onChange={(event) => setToken(event.target.value)}
        />
        <Button kind="primary" type="submit" busy={isBusy} disabled={token.trim() === ""}>
          Sign in
        </Button>
      </form>
      {canUsePasskeys() ? (
        <Button icon="key" busy={isBusy} onClick={() => void signIn(signInWithPasskey)}>
          Sign in with a passkey
        </Button>
      ) : null}
    </main>
  );
}

/** The screen that was asked for, if it is one of this app's. */
function destination(): string {
  const back = new URLSearchParams(window.location.search).get("back");
  return back !== null && /^\/(?!\/)[\w/-]*$/.test(back) ? back : "/";
}
