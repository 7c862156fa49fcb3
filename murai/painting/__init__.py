"""Pictures painted by optimisation (Gatys et al. 2016): the picture itself is what is learnt."""
