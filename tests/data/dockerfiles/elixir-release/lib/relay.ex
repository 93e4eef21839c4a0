defmodule Relay do
  use Application

  def start(_type, _args) do
    port = String.to_integer(System.get_env("PORT", "4000"))
    {:ok, socket} = :gen_tcp.listen(port, [:binary, active: false, reuseaddr: true])
    Supervisor.start_link([{Task, fn -> serve(socket) end}], strategy: :one_for_one)
  end

  defp serve(socket) do
    {:ok, client} = :gen_tcp.accept(socket)
    :gen_tcp.send(client, "relayed\n")
    :gen_tcp.close(client)
    serve(socket)
  end
end
