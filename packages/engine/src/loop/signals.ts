/** Why a step is ended before its time: a command changed the run. */
export class ControlChanged extends Error {
  override readonly name = "ControlChanged";
}

/** The way from a command to the step at work in this process. */
export class Signals {
  readonly #stop = new AbortController();
  readonly #open = new Map<string, AbortController>();

  /** A fresh signal for the run's next step; the one before is given up. */
  begin(runId: string): AbortSignal {
    const controller = new AbortController();
    this.#open.set(runId, controller);
    return controller.signal;
  }

  end(runId: string): void {
    this.#open.delete(runId);
  }

  /** Ends the run's step if it is at work here. What to do next is then read from the store. */
  interrupt(runId: string): void {
    this.#open.get(runId)?.abort(new ControlChanged("The run was changed by a command."));
  }

  /** The process ends: runs are left as they are, as by a crash, and gone on with at the next start. */
  stop(): void {
    this.#stop.abort(new Error("Bureau is being stopped."));
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Aborted once the process is to end: nothing is waited for any more. */
  get stopped(): AbortSignal {
    return this.#stop.signal;
  }
}
