"""Tags of hosting's templates."""
