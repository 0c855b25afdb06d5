-- Where no CRM says who is responsible for a dialog, facts are broken down by messenger.
alter table app.report_facts drop constraint subject_type_is_known;
alter table app.report_facts add constraint subject_type_is_known check (
  subject_type in ('tenant', 'manager', 'channel', 'loss_reason')
);
