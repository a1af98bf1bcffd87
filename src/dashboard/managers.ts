import { NotAllowedError, type OrganizationVisit } from './visit.ts';

/** Whether somebody may change what belongs to the organization as a whole; members look on. */
export const isManager = ({ role }: OrganizationVisit): boolean => role !== 'member';

/** @throws NotAllowedError for a member */
export function managersOnly(visit: OrganizationVisit): void {
  if (!isManager(visit)) throw new NotAllowedError();
}
