const closed = [];

function echo(server) {
  server.addEventListener("message", ({ data }) => {
    const [word, code, reason] = typeof data === "string" ? data.split(" ") : [];
    if (word !== "close") server.send(typeof data === "string" ? `echo ${data}` : data);
    else
      try {
        server.close(Number(code), reason);
      } catch (error) {
        server.send(error.message);
      }
  });
  server.addEventListener("close", ({ code, reason, wasClean }) => closed.push([code, reason, wasClean]));
}

export default {
  fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/closed") return Response.json(closed);
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    if (pathname === "/greet") server.send("welcome");
    echo(server);
    return new Response(null, { status: pathname === "/wrong" ? 200 : 101, webSocket: client });
  },
};
