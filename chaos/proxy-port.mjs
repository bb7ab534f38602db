// @ts-check
/** What the field asks of the proxy that stands before each server (`proxy/`). */

/**
 * @typedef {object} ClientProxy
 * @property {string} url where clients connect, `nats://127.0.0.1:<port>`
 * @property {() => Promise<void>} close
 */

/**
 * Opens a proxy before a server. It stays when the server is killed and started again on the same port.
 * @typedef {(target: { readonly host: string, readonly port: number }) => Promise<ClientProxy>} OpenProxy
 */

export {};
