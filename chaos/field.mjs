// @ts-check
/** Where chaos takes place, as the faults see it: everything that can be struck, and what they may ask. */

/**
 * Something that can be done to the field and undone again. One file each in `faults/`, listed in `faults/index.mjs`.
 * @typedef {object} Fault
 * @property {string} name in kebab-case, as `--faults` takes it
 * @property {number} weight how likely it is beside the others; 1 is usual
 * @property {(field: Field) => string | undefined} [needs] why it cannot be done here, if it cannot
 * @property {(field: Field, random: import("./random.mjs").Random) => Promise<Strike | undefined>} strike
 *   does it; nothing when there is nothing to strike right now (everything of that kind is struck already)
 */

/**
 * A fault that was struck.
 * @typedef {object} Strike
 * @property {string} what what was done, to whom: one line for the report
 * @property {string} [target] whom it struck: `worker-1`, `client-0`, `n2`. The report's figures go by it
 * @property {number} [until] when the nemesis is to heal it, in milliseconds since 1970 (this process's clock); without it
 *   there is nothing to wait for (a killed worker is started again by its supervisor) and `heal` is called at once
 * @property {number} [clockShiftMs] how far a clock was moved, in either direction: what may then be early by so much
 * @property {() => Promise<void>} heal puts it right. Also called at the end, for all that is still struck. Twice does no harm
 */

/**
 * A nats-server of the field.
 * @typedef {object} ServerNode
 * @property {string} name `n0`, `n1`, `n2`
 * @property {string} storeDir
 * @property {string} url its own address. Only this process goes there directly
 * @property {import("./proxy/server-proxy.mjs").ServerProxy} proxy what workers and clients connect through
 * @property {readonly import("./proxy/tcp-proxy.mjs").TcpProxy[]} routes what lies between it and the other servers
 * @property {import("./small-disk.mjs").SmallDisk | string} disk what its streams are on, or why that is an ordinary one
 * @property {boolean} isUp
 * @property {boolean} isPaused
 * @property {number} pid of the process that runs, or ran last
 * @property {() => Promise<void>} start on the same store and port; nothing if it is up
 * @property {() => Promise<void>} stop SIGTERM
 * @property {() => Promise<void>} kill SIGKILL
 * @property {() => void} pause SIGSTOP
 * @property {() => void} resume SIGCONT
 */

/**
 * A worker or client process. A supervisor starts it again a moment after it ended, however that was.
 * @typedef {object} Member
 * @property {string} name `worker-0`, `client-1`: the same for all processes that follow one another in this place
 * @property {number} pid of the process that runs, or ran last
 * @property {boolean} isUp
 * @property {boolean} isPaused
 * @property {boolean} isReady it has said that it does its work
 * @property {() => void} kill SIGKILL
 * @property {() => void} pause SIGSTOP
 * @property {() => void} resume SIGCONT
 * @property {(order: Order) => void} tell has it do something to itself
 * @property {(settings: Readonly<Record<string, unknown>>) => void} settle
 *   what its next processes are started with in place of what they would be, e.g. `{ build: "b" }`, or with the engine that lies beside the folder `home`
 * @property {(timeoutMs?: number) => Promise<void>} roll SIGTERM, and waits for it to end (a worker drains)
 */

/**
 * What a process can do to itself when it is told so. New ones stand in `processes/orders.mjs`.
 * @typedef {{ readonly do: "block", readonly ms: number } | { readonly do: "shift-clock", readonly ms: number }} Order
 */

/**
 * @typedef {object} Field
 * @property {"one" | "cluster"} topology
 * @property {number} leaseMs
 * @property {string} namespace
 * @property {string} directory a temporary one for whatever a fault has to keep
 * @property {readonly ServerNode[]} servers
 * @property {readonly Member[]} workers
 * @property {readonly Member[]} clients
 * @property {import("@nats-io/transport-node").NatsConnection} connection
 *   straight to the servers, past all proxies. It reconnects for ever; a request may time out while servers are struck
 * @property {string | undefined} older the folder of an older build of the engine, with chaos in it
 * @property {(fault: string) => void} log tells a line of what happened to whoever watches
 */
