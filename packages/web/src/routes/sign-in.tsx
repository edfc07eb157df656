import { AppError } from "@bureau/protocol";
import { type FormEvent, useState } from "react";
import { signInWithToken } from "../lib/session.ts";
import { Button } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { messageOf } from "../ui/states.tsx";

/** Where somebody says who they are. The app begins anew afterwards, so that nothing of before is left in it. */
export function SignInScreen() {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await signInWithToken(token.trim());
      window.location.assign(destination());
    } catch (error) {
      setProblem(
        error instanceof AppError && error.hint !== undefined ? `${error.message} ${error.hint}` : messageOf(error),
      );
      setBusy(false);
    }
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
      <form onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
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
    </main>
  );
}

/** The screen that was asked for, if it is one of this app's. */
function destination(): string {
  const back = new URLSearchParams(window.location.search).get("back");
  return back !== null && /^\/(?!\/)[\w/-]*$/.test(back) ? back : "/";
}
