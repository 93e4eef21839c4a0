defmodule Relay.MixProject do
  use Mix.Project

  def project do
    [app: :relay, version: "0.1.0", elixir: "~> 1.15", start_permanent: Mix.env() == :prod, deps: []]
  end

  def application, do: [extra_applications: [:logger], mod: {Relay, []}]
end
