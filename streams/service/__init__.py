"""The service: Kafka topics, Faust agents, and what operations staff need around them."""
