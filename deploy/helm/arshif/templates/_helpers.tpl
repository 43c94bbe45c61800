{{- define "arshif.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- /* What selects the pods of a part: given a list of the chart's context and the part's name. */}}
{{- define "arshif.selector" -}}
app.kubernetes.io/name: arshif
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "arshif.labels" -}}
{{ include "arshif.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- /* The settings, where a further host is the ingress's. */}}
{{- define "arshif.settings" -}}
{{- $settings := mergeOverwrite (deepCopy .Values.settings) (dict "log" "json") -}}
{{- $_ := set $settings.index "engine" "elasticsearch" -}}
{{- with .Values.page.ingress }}
{{- if .host }}
{{- $web := dict "url" (printf "%s://%s/" (ternary "https" "http" (ne .tlsSecret "")) .host) -}}
{{- $_ := set $settings "web" (merge (default (dict) $settings.web) $web) -}}
{{- end }}
{{- end }}
{{- toYaml $settings -}}
{{- end }}

{{- define "arshif.image" -}}
image: {{ printf "%s:%s" .Values.image.repository .Values.image.tag | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- /* What each of our containers has, whatever it runs; further variables follow. */}}
{{- define "arshif.container" -}}
{{ include "arshif.image" . }}
workingDir: /var/lib/arshif
volumeMounts:
  - {name: config, mountPath: /etc/arshif/config, readOnly: true}
  - {name: secret, mountPath: /run/secrets/arshif, readOnly: true}
  - {name: own, mountPath: /run/arshif, readOnly: true}
  - {name: data, mountPath: /var/lib/arshif}
  - {name: tmp, mountPath: /tmp}
  {{- if .Values.rawClaim }}
  - {name: raw, mountPath: /mnt/raw}
  {{- end }}
env:
  - {name: HOME, value: /var/lib/arshif}
  - {name: ARSHIF_CONFIG, value: /etc/arshif/config}
  - {name: ARSHIF_DATA, value: /var/lib/arshif/data}
  - {name: ARSHIF_INDEX__API_KEY_FILE, value: /run/secrets/arshif/index}
  - {name: AWS_SHARED_CREDENTIALS_FILE, value: /run/secrets/arshif/s3}
  - {name: PGPASSFILE, value: /run/arshif/pgpass}
{{- end }}

{{- /* What each pod has, whichever containers: given a list of the chart's context and the name of its ConfigMap. */}}
{{- define "arshif.pod" -}}
{{- $config := index . 1 }}
{{- with index . 0 }}
{{- with .Values.serviceAccount }}
serviceAccountName: {{ . }}
{{- end }}
automountServiceAccountToken: false
enableServiceLinks: false
shareProcessNamespace: true  # reaps what a killed browser leaves
terminationGracePeriodSeconds: 60  # what is under way is finished and stored
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: {{ ternary "Unconfined" "RuntimeDefault" .Values.browser }}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
initContainers:
  - name: pgpass  # libpq ignores a file that others than its user may read, and those of a Secret are root's
    {{- include "arshif.image" . | nindent 4 }}
    command: [install, -m, "0600", /run/secrets/arshif/pgpass, /run/arshif/pgpass]
    volumeMounts:
      - {name: secret, mountPath: /run/secrets/arshif, readOnly: true}
      - {name: own, mountPath: /run/arshif}
volumes:
  - {name: config, configMap: {name: {{ $config }}}}
  - {name: secret, secret: {secretName: {{ .Values.secret }}, defaultMode: 0440}}
  - {name: own, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
  - {name: data, emptyDir: {sizeLimit: {{ .Values.dataLimit }}}}
  - {name: tmp, emptyDir: {}}
  {{- if .Values.rawClaim }}
  - {name: raw, persistentVolumeClaim: {claimName: {{ .Values.rawClaim }}}}
  {{- else if hasPrefix "file:" .Values.settings.raw.url }}
  {{- fail "settings.raw.url is a folder: name the claim that is mounted there in rawClaim" }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "arshif.placing" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
