package dev.gatehouse.client;

/** A mistake in the program or its environment. Nothing was sent. */
public final class ConfigurationException extends GatehouseException {
  private static final long serialVersionUID = 1;

  ConfigurationException(String problem) {
    super(problem);
  }
}
