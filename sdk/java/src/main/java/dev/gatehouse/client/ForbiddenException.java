package dev.gatehouse.client;

/** 403: a good credential that may not do this. */
public class ForbiddenException extends GatehouseException {
  private static final long serialVersionUID = 1;

  ForbiddenException(Denial denial) {
    super(denial);
  }
}
