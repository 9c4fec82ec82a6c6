"""Feature extractors: the part of a network between an observation and the policy's and critic's heads."""
