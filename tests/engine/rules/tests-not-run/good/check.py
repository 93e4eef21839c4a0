raise SystemExit("not so")
