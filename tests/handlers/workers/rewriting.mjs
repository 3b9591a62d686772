function chunked(...parts) {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(encoder.encode(part));
    },
  });
}

const rewriters = {
  "/links": () =>
    new HTMLRewriter()
      .on("a[href]", { element: (a) => a.setAttribute("href", a.getAttribute("href").replace("old", "new")) })
      .onDocument({ end: (end) => end.append("<!-- end -->", { html: true }) }),
  "/later": () =>
    new HTMLRewriter().on("p", {
      async element(p) {
        await scheduler.wait(1);
        p.setInnerContent("later");
      },
    }),
  "/broken": () =>
    new HTMLRewriter().on("p", {
      element() {
        throw new Error("no such luck");
      },
    }),
};

export default {
  fetch(request) {
    const body = chunked("<p>one</p><a hr", 'ef="https://old.example/a">A</a>');
    const short = chunked("<p>one</p>");
    const { pathname } = new URL(request.url);
    const headers = { "content-length": "49", "x-kept": "yes" };
    return rewriters[pathname]().transform(new Response(pathname === "/links" ? body : short, { headers }));
  },
};
