import { useState } from "react";
import { problemOf } from "./problem.ts";

/** One piece of work at a time, with what failed in words. Resolves to whether it was done. */
export function useBusy(): {
  isBusy: boolean;
  problem: string | null;
  run: (work: () => Promise<unknown>) => Promise<boolean>;
} {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(null);
    try {
      await work();
      return true;
    } catch (error) {
      setProblem(problemOf(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, problem, run };
}
