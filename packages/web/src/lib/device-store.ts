/** What this browser keeps for itself, in named drawers. Values are copied; keys are texts. */
export interface DeviceStore {
  get(drawer: Drawer, key: string): Promise<unknown>;
  all(drawer: Drawer): Promise<unknown[]>;
  put(drawer: Drawer, key: string, value: unknown): Promise<void>;
  remove(drawer: Drawer, key: string): Promise<void>;
  clear(drawer: Drawer): Promise<void>;
}

export const DRAWERS = ["decisions", "snapshots"] as const;
export type Drawer = (typeof DRAWERS)[number];

const NAME = "bureau";
const VERSION = 1;

/** In IndexedDB. Each write is on the disk when its promise resolves. */
export function browserStore(): DeviceStore {
  let opened: Promise<IDBDatabase> | null = null;
  const open = () => (opened ??= openDatabase());
  const ask = async <T>(drawer: Drawer, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>) => {
    const transaction = (await open()).transaction(drawer, mode, { durability: "strict" });
    const request = work(transaction.objectStore(drawer));
    await ended(transaction);
    return request.result;
  };
  return {
    get: async (drawer, key) => await ask(drawer, "readonly", (store): IDBRequest<unknown> => store.get(key)),
    all: async (drawer) => await ask(drawer, "readonly", (store): IDBRequest<unknown[]> => store.getAll()),
    put: async (drawer, key, value) => {
      await ask(drawer, "readwrite", (store) => store.put(value, key));
    },
    remove: async (drawer, key) => {
      await ask(drawer, "readwrite", (store) => store.delete(key));
    },
    clear: async (drawer) => {
      await ask(drawer, "readwrite", (store) => store.clear());
    },
  };
}

/** Where a browser has no IndexedDB, or refuses it: as long as the page is open. */
export function memoryStore(): DeviceStore {
  const drawers = new Map<Drawer, Map<string, unknown>>(DRAWERS.map((drawer) => [drawer, new Map()]));
  const of = (drawer: Drawer) => drawers.get(drawer) ?? new Map<string, unknown>();
  return {
    get: async (drawer, key) => structuredClone(of(drawer).get(key)),
    all: async (drawer) => structuredClone([...of(drawer).values()]),
    put: async (drawer, key, value) => void of(drawer).set(key, structuredClone(value)),
    remove: async (drawer, key) => void of(drawer).delete(key),
    clear: async (drawer) => of(drawer).clear(),
  };
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.addEventListener("upgradeneeded", () => {
      for (const drawer of DRAWERS) {
        if (!request.result.objectStoreNames.contains(drawer)) request.result.createObjectStore(drawer);
      }
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(failed(request.error)));
    request.addEventListener("blocked", () => reject(failed(null)));
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () => reject(failed(transaction.error)));
  });
}

function failed(error: DOMException | null): Error {
  return new Error(`This browser could not keep it: ${error?.message ?? "its storage is in use"}.`, { cause: error });
}

function chooseStore(): DeviceStore {
  return "indexedDB" in globalThis ? browserStore() : memoryStore();
}

/** The one store of the app. */
export const deviceStore: DeviceStore = chooseStore();
