import ms from "ms";

export const label = () => `baked for ${ms(60000)}`;

if (import.meta.main) {
  Bun.serve({ port: 3000, fetch: () => new Response(label()) });
}
