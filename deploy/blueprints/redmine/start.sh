#!/bin/sh
# Makes the database at the first start, with our settings, and becomes Puma. What people have set since then
# stays; only the administrator's password, which comes as a file from the portal, is set at each start.
set -eu

export RAILS_ENV=production REDMINE_LANG=de X_DEBIAN_SITEID=default
# Rails would write its schema beside the program, which belongs to root.
export HOME=/tmp SCHEMA=/tmp/schema.rb
cd /usr/share/redmine

cat > /etc/redmine/default/database.yml <<'YAML'
production:
  adapter: sqlite3
  database: /data/redmine.sqlite3
YAML
[ -s /data/secret_key ] || head -c 48 /dev/urandom | od -An -tx1 | tr -d ' \n' > /data/secret_key
SECRET_KEY_BASE=$(cat /data/secret_key)
export SECRET_KEY_BASE
printf "RedmineApp::Application.config.secret_key_base = '%s'\n" "$SECRET_KEY_BASE" \
    > /etc/redmine/default/secret_key.txt

# What Redmine wants to send stays in the portal: the sink of the environment takes it.
if [ -n "${SMTP_HOST:-}" ]; then
    cat > /etc/redmine/default/configuration.yml <<YAML
production:
  email_delivery:
    delivery_method: :smtp
    smtp_settings:
      address: $SMTP_HOST
      port: $SMTP_PORT
      enable_starttls_auto: false
YAML
fi

bundle exec rake db:migrate >/dev/null
if [ ! -e /data/filled ]; then
    bundle exec rake redmine:load_default_data >/dev/null
    touch /data/filled
fi
is_first=1
[ ! -e /data/settled ] || is_first=0
OSK_FIRST=$is_first OSK_PASSWORD=$(cat /run/osk/verwaltung) bundle exec rails runner '
    is_first = ENV["OSK_FIRST"] == "1"
    # Whoever has renamed it keeps it.
    if admin = User.find_by(login: "admin")
        admin.password = admin.password_confirmation = ENV.fetch("OSK_PASSWORD")
        admin.must_change_passwd = false
        admin.language = "de" if is_first
        admin.save!(validate: false)
    end
    if is_first
        Setting.default_language = "de"
        Setting.login_required = "1"
        Setting.self_registration = "0"
        Setting.mail_from = "redmine@example.org"
    end
    # Where people open it, for the links in its mails.
    Setting.host_name = ENV.fetch("OSK_HOST") if ENV["OSK_HOST"]
    Setting.protocol = ENV.fetch("OSK_SCHEME") if ENV["OSK_SCHEME"]
'
touch /data/settled
exec puma --bind tcp://0.0.0.0:3000 --environment production
