/** Which WebSockets leave their Durable Object free to leave memory: those that `ctx.acceptWebSocket` has accepted. */

/** @type {WeakSet<object>} */
const hibernating = new WeakSet();

/** @param {object} socket */
export function noteHibernating(socket) {
  hibernating.add(socket);
}

/** Whether the other end of a pair hibernates. @param {{ peer?: object } | undefined} socket */
export function isOfHibernating(socket) {
  return socket?.peer !== undefined && hibernating.has(socket.peer);
}
