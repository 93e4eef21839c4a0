import polka from "polka";

polka()
  .get("/health", (request, response) => response.end("ok"))
  .get("/", (request, response) => response.end("measure twice, cut once\n"))
  .listen(3000);
