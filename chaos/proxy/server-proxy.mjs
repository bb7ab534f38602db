// @ts-check
import { DeliveryShuffler } from "./delivery-shuffler.mjs";
import { TcpProxy } from "./tcp-proxy.mjs";

/**
 * The network before a nats-server: a {@link TcpProxy} that also knows what JetStream delivers, and can duplicate, reorder
 * and delay it. The connections must be plain: of what is encrypted nothing is known.
 *
 * Servers of a cluster tell clients each other's addresses, and clients would go past their proxies: such servers need
 * `no_advertise: true` in their `cluster` settings.
 */
export class ServerProxy {
  /** Its connections, and what can be done to them. */
  tcp;
  /** How many deliveries were treated so far. */
  counts = { duplicated: 0, reordered: 0, delayed: 0 };
  /** @type {import("./delivery-shuffler.mjs").ShuffleSettings} */
  #settings = UNTOUCHED;

  /**
   * Listens on a free port of 127.0.0.1.
   * @param {import("./tcp-proxy.mjs").Target} target
   * @param {() => number} [random] from 0 up to 1
   */
  static async open(target, random = Math.random) {
    /** @type {ServerProxy} */
    const proxy = new ServerProxy(
      await TcpProxy.start({
        target,
        random,
        filter: (emit) =>
          new DeliveryShuffler({
            emit,
            random,
            settings: () => proxy.#settings,
            count: (treatment) => {
              proxy.counts[treatment]++;
            },
          }),
      }),
    );
    return proxy;
  }

  /**
   * @private
   * @param {TcpProxy} tcp
   */
  constructor(tcp) {
    this.tcp = tcp;
  }

  /** Where clients connect. */
  get url() {
    return `nats://127.0.0.1:${this.tcp.port}`;
  }

  /**
   * What happens to deliveries from now on; what is not named does not.
   * @param {Partial<import("./delivery-shuffler.mjs").ShuffleSettings>} settings
   */
  shuffle(settings) {
    this.#settings = { ...UNTOUCHED, ...settings };
  }

  /** A fair network again, for bytes and for deliveries. What is held back comes when its time is up. */
  heal() {
    this.#settings = UNTOUCHED;
    this.tcp.heal();
  }

  close() {
    return this.tcp.close();
  }
}

/** @type {import("./delivery-shuffler.mjs").ShuffleSettings} */
const UNTOUCHED = Object.freeze({
  duplicate: 0,
  reorder: 0,
  window: 8,
  windowMs: 200,
  delay: 0,
  delayMs: 1_000,
});
