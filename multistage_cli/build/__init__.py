"""What the build does: stages, variables, the build context, and the state after every instruction."""
