package dev.gatehouse.client;

/** 403: the organization's plan does not include this. */
public final class NotEntitledException extends ForbiddenException {
  private static final long serialVersionUID = 1;

  NotEntitledException(Denial denial) {
    super(denial);
  }
}
