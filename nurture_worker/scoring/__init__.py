"""What a reader's events come to: points, score, stage, whether they are hot or gone quiet. Pure."""
